"""Trainings as processes of their own: begun, watched, stopped and gone on with, whoever looks on.

A training outlives the page, the tab and the workbench that began it. What is known of it lies in files alone, so that
a command line, a page and a workbench that was started again see the same.
"""

from jobs.job import Job as Job, Status as Status, jobs as jobs
from jobs.process import Busy as Busy, resume as resume, running as running, start as start, stop as stop
from jobs.recording import Recording as Recording, Stopped as Stopped, recorded as recorded
