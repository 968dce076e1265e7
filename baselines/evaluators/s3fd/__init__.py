"""S3FD, the face detector in front of the published SyncNet scores. Its weights are the user's: ``syncbench weights``."""
