"""Statistics: resampling, paired tests, word tests, many tests at once."""
