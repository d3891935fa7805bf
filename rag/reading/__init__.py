"""The trained reader: finds the words that answer a question in a passage, and says when there are none."""
