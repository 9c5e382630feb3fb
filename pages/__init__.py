"""The screens of the workbench, one a file. `pages.parts` holds what several screens are made of."""
