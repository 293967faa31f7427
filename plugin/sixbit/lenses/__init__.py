"""Step 2: a shot against the catalogue of lenses."""
