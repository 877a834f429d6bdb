"""One function per chart; all share `charts/template.py`."""
