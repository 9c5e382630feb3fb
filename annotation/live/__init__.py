"""Answers while a reader works: which labels a project offers, the film of a task, and the model's answer in the
project's own words."""

from annotation.live.fitting import fitted as fitted
from annotation.live.image import NoImage as NoImage, image_of as image_of
from annotation.live.interface import Interface as Interface
