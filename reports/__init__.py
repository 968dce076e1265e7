"""Reports: tables, figures and decisions, read from runs and nothing else."""
