"""fMRI volumes and surfaces: blocks, confounds, atlases."""
