"""What the trainings of the talking-face generators share."""
