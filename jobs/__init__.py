"""Trainings as processes of their own: begun, watched, stopped and gone on with, whoever looks on.

A training outlives the page, the tab and the workbench that began it. What is known of it lies in files alone, so that
a command line, a page and a workbench that was started again see the same.
"""

from jobs.job import Job as Job
from jobs.job import Status as Status
from jobs.job import jobs as jobs
from jobs.process import Busy as Busy
from jobs.process import resume as resume
from jobs.process import running as running
from jobs.process import start as start
from jobs.process import stop as stop
from jobs.recording import Recording as Recording
from jobs.recording import Stopped as Stopped
from jobs.recording import recorded as recorded
