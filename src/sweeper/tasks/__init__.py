"""What a trial does: a task is a generator that trains and yields a report after each epoch.

A member is ``def task(trial, /) -> Iterator[EpochReport]``. It continues after epoch
``trial.reported``; before it yields an epoch's report, all that is needed to continue after that
epoch is on disk in ``trial.directory``. Where its own checkpoint is ahead of ``trial.reported``, it
yields the stored reports again, without training; where it has none, it starts from epoch 1.
"""
