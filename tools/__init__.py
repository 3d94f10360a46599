"""Small helpers of this repository: installing its distributions, counting the kernel, what both runners share."""
