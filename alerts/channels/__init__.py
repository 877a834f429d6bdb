"""Ways to reach people: one file each, all with the same two verbs, read and send."""
