"""Front ends of DPRNN: from a waveform to a spectrum, a mask on it, and back.

Each has ``features`` (what the network sees of a frame) and ``scores`` (what it must give for
one), and ``analyse``, ``describe``, ``mask`` and ``synthesise``. Spectra, features and scores are
(batch, frames, channels), the layout that recurrent layers read without a copy.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from sweeper.models._chunks import chunk, overlap_add, require_even

__all__ = ["LearnedFrontEnd", "StftFrontEnd"]


class LearnedFrontEnd(nn.Module):
    """Linear convolutional encoder and decoder of TasNet, stride half the kernel.

    Luo & Mesgarani 2019 (arXiv 1809.07454), sections II-B and II-D. The convolutions are computed
    as matrix products on frames. The mask is real and not negative. The filters start orthogonal
    and the decoder as their transpose, so that with enough filters a mask of one half gives the
    input back before any training; from independent random weights short trainings lose 0.7 dB.
    """

    def __init__(self, n_filters: int, kernel_size: int, mask: Literal["sigmoid", "relu"]) -> None:
        super().__init__()
        require_even("kernel_size", kernel_size)
        self.features = self.scores = n_filters
        self.kernel_size = kernel_size
        self.activation = nn.Sigmoid() if mask == "sigmoid" else nn.ReLU()
        self.encoder = nn.Linear(kernel_size, n_filters, bias=False)
        self.decoder = nn.Linear(n_filters, kernel_size, bias=False)
        nn.init.orthogonal_(self.encoder.weight)
        with torch.no_grad():
            self.decoder.weight.copy_(self.encoder.weight.T)

    def analyse(self, wave: Tensor) -> Tensor:
        """Filter outputs (batch, frames, filters) of (batch, time)."""
        spectrum: Tensor = self.encoder(chunk(wave.unsqueeze(-1), self.kernel_size).squeeze(-1))
        return spectrum

    def describe(self, spectrum: Tensor) -> Tensor:
        """The filter outputs themselves."""
        return spectrum

    def mask(self, spectrum: Tensor, scores: Tensor) -> Tensor:
        """Weigh each filter output by the activation of its score."""
        masked: Tensor = spectrum * self.activation(scores)
        return masked

    def synthesise(self, spectrum: Tensor, length: int) -> Tensor:
        """Waveform (batch, length) by transposed convolution."""
        frames = self.decoder(spectrum).unsqueeze(-1)
        return overlap_add(frames, length).squeeze(-1)


class StftFrontEnd(nn.Module):
    """Short-time Fourier transform with a complex mask.

    Square-root Hann windows on both sides; scores of zero give the input back. The network sees
    real part, imaginary part and magnitude of each bin (without the magnitude, which a linear
    bottleneck cannot form, training stays for long at a filter that does not change in time). It
    gives the complex ratio mask of Williamson et al. 2016 (doi 10.1109/TASLP.2015.2512042),
    unbounded: it corrects phases as well as magnitudes, which a real mask cannot. The scores are
    what is added to a mask of ones, so that an untrained network lets its input pass, and so does a
    trained one where it knows nothing better: 0.1 dB after a short training on one speaker.
    """

    window: Tensor

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        require_even("n_fft", n_fft)
        if not 0 < hop <= n_fft // 2:
            raise ValueError(
                f"0 < hop <= n_fft / 2 must hold, else samples between frames are lost; "
                f"got hop={hop}, n_fft={n_fft}"
            )
        bins = n_fft // 2 + 1
        self.features = 3 * bins
        self.scores = 2 * bins
        self.n_fft = n_fft
        self.hop = hop
        self.register_buffer("window", torch.hann_window(n_fft).sqrt(), persistent=False)

    def analyse(self, wave: Tensor) -> Tensor:
        """Complex spectra (batch, frames, bins) of (batch, time)."""
        # Whole hops keep the last samples, too, under the middle of a window: dividing by the tail
        # of a window in the synthesis would blow up errors there.
        padded = functional.pad(wave.float(), (0, -wave.shape[-1] % self.hop))
        spectrum = torch.stft(
            padded,
            self.n_fft,
            self.hop,
            window=self.window,
            pad_mode="constant",
            return_complex=True,
        )
        return spectrum.transpose(1, 2)

    def describe(self, spectrum: Tensor) -> Tensor:
        """Real and imaginary parts in turn, then magnitudes."""
        return torch.cat((torch.view_as_real(spectrum).flatten(2), spectrum.abs()), dim=2)

    def mask(self, spectrum: Tensor, scores: Tensor) -> Tensor:
        """Multiply each bin by one plus its complex score."""
        return spectrum * (1 + torch.view_as_complex(scores.float().view(*spectrum.shape, 2)))

    def synthesise(self, spectrum: Tensor, length: int) -> Tensor:
        """Waveform (batch, length) by weighted overlap-add."""
        bins_first = spectrum.transpose(1, 2)
        return torch.istft(bins_first, self.n_fft, self.hop, window=self.window, length=length)
