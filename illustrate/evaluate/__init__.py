"""An image and its brief become scores and a verdict."""
