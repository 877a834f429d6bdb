"""What every dialect is read with: declarations, conditions, readers and the columns they fill."""
