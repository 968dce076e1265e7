"""SyncNet v2, the evaluator behind LSE-C, LSE-D and AV offset. Its weights are the user's: ``syncbench weights``."""
