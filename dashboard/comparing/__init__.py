"""Two runs side by side: their steps aligned, and what was said in each."""
