"""Several readers of one case: how well they agree, what is settled, and what a person has to decide."""

from annotation.readers.agreement import Agreement as Agreement
from annotation.readers.agreement import LeftOut as LeftOut
from annotation.readers.agreement import agreements as agreements
from annotation.readers.bounds import Bounds as Bounds
from annotation.readers.doubts import Doubt as Doubt
from annotation.readers.doubts import doubts as doubts
from annotation.readers.settled import How as How
from annotation.readers.settled import Settled as Settled
from annotation.readers.settled import settled as settled
from annotation.readers.third import ask_one_more as ask_one_more
from annotation.readers.truths import truths as truths
from annotation.readers.votes import Vote as Vote
from annotation.readers.votes import votes_of as votes_of
