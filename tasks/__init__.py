"""What a network may be asked, a folder a task. `tasks.task` says what a folder holds."""

from tasks.task import Task

CLASSES = Task("classes", "tasks.classes")
SCORES = Task("scores", "tasks.scores")
DENSITY = Task("density", "tasks.density")
LANDMARKS = Task("landmarks", "tasks.landmarks")
MASKS = Task("masks", "tasks.masks")

TASKS = {task.name: task for task in (CLASSES, SCORES, DENSITY, LANDMARKS, MASKS)}
