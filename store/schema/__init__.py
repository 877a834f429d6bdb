"""The canonical schema: one SQL file a table or view, and the steps between its versions."""
