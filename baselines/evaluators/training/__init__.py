"""What the trainings of the evaluators share."""
