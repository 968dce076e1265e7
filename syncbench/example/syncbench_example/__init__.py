"""Video-to-speech for SyncBench: say what silent lips say."""
