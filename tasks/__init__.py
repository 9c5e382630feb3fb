"""What a network may be asked, a folder a task. `tasks.task` says what a folder holds."""

from tasks.task import Task

CLASSES = Task("classes")
SCORES = Task("scores")
DENSITY = Task("density")
LANDMARKS = Task("landmarks")
MASKS = Task("masks")

TASKS = {task.name: task for task in (CLASSES, SCORES, DENSITY, LANDMARKS, MASKS)}
