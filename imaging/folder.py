"""The name under which scripts outside this project import it; it stands in `imaging.files.folder`."""

from imaging.files.folder import Outcome as Outcome, deidentify_folder as deidentify_folder
