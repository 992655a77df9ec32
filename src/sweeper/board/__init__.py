"""The running sweep in the terminal: a live board, or plain lines where there is no terminal."""

from sweeper.board.board import Board
from sweeper.board.state import BoardState, RunningTrial, board_state, confirms_words

__all__ = ["Board", "BoardState", "RunningTrial", "board_state", "confirms_words"]
