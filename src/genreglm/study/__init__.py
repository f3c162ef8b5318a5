"""The study of a table of music tracks: from a file of tracks to a folder of results."""
