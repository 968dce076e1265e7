"""Auto-AVSR's visual speech recogniser, a lip reader of open English. Its weights are the user's: ``syncbench weights``."""
