"""The script that Streamlit runs for every interaction; apart in a directory of its own, because Streamlit
puts the script's directory first on the import path and `data` or `theme` are names others use too.
"""

from dashboard.frame import show

show()
