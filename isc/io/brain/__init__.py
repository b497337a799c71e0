"""Volumes and surfaces of fMRI: blocks, confounds, atlases."""
