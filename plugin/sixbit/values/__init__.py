"""The values that flow between the steps. Nothing of Sixbit is imported here but the manifest."""
