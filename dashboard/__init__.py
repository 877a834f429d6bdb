"""The pages people look at: Streamlit in the process that owns the store."""
