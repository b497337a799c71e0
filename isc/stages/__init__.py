"""The steps of a study, each reading and writing files that anyone can open."""
