"""Step 3: lens, shot and choices to a filter."""
