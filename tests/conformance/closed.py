"""The closed lists of arguments: what a run need not vary, what it cannot reach, what leaves no
trace in the numbers. Each with its reason; patterns are fnmatch's; the first that fits counts."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Rule:
    arguments: str  # patterns, with blanks between them
    reason: str
    classes: str = "*"
    generation: int | None = None

    def fits(self, name: str, generation: int, argument: str) -> bool:
        return (
            any(fnmatch.fnmatch(argument, it) for it in self.arguments.split())
            and any(fnmatch.fnmatch(name, it) for it in self.classes.split())
            and self.generation in (None, generation)
        )


def reason_of(rules: Sequence[Rule], name: str, generation: int, argument: str) -> str | None:
    fitting = (rule for rule in rules if rule.fits(name, generation, argument))
    return next((rule.reason for rule in fitting), None)


TRAINING_ONLY = (
    "AugMix CutMix Equalization MixUp RandAugment RandomBrightness RandomColor* RandomContrast"
    " RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale"
    " RandomHeight RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation"
    " RandomSaturation RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom"
    " Solarization"
)
RECURRENT = "LSTM GRU SimpleRNN RNN ConvLSTM?D"

# Neither varied nor set back.
NEUTRAL = (
    Rule("name", "a name"),
    Rule("seed", "of random numbers in training"),
    Rule("*_initializer", "the start of training"),
    Rule("*_regularizer", "a term of the loss"),
    Rule("*_constraint", "how the optimizer changes weights"),
    Rule("autocast", "how inputs are cast, which `dtype` says"),
    Rule("dynamic", "whether Keras 2 runs Python or a graph"),
    Rule("input_shape batch_input_shape batch_shape shape batch_size", "the shape of the input"),
    Rule("input_length", "the shape of the input", "Embedding"),
    Rule("query_shape key_shape value_shape", "the shapes of the inputs", "MultiHeadAttention"),
    Rule("input_tensor type_spec", "not saved", "InputLayer"),
    Rule("weights", "the weights themselves", "Bidirectional Embedding"),
    Rule("lora_* quantization_config gptq_*", "quantized layers: families/quantized.py"),
    Rule("rng_type", "how random numbers are made", generation=2),
    Rule("use_cudnn", "whether a GPU's kernel is used", "LSTM GRU", 3),
    Rule("flash_attention", "which kernel computes the same", "*Attention", 3),
    Rule("vocabulary_size", "the size of what is looked up in", "IntegerLookup"),
)

# Not reached in a run.
UNREACHED = (
    Rule("sparse", "Keras 2 does not save it", "Embedding", 2),
    Rule("sparse ragged", "sparse and ragged tensors are refused"),
    Rule("optional", "not drawn: it becomes an input that is always given", "InputLayer"),
    Rule("stateful", "warned of: families/recurrent.py, conv_recurrent.py", RECURRENT),
    Rule("unroll", "Keras 2 refuses it", "ConvLSTM?D", 2),
    Rule("renorm", "a flag whose default Keras 2 does not save", "BatchNormalization", 2),
    Rule("oov_method salt", "hashed tokens are refused", "IntegerLookup", 3),
    Rule("vocabulary_dtype", "Keras refuses another", "IntegerLookup"),
    Rule("num_bins epsilon", "Keras 2 does not save what it adapts to", "Discretization", 2),
    Rule("dtype", "families/dtypes.py has the others", "InputLayer"),
    Rule("dtype", "another than float32 is refused", "MelSpectrogram", 3),
    Rule("dtype", "not drawn", "STFTSpectrogram ContrastLimited*", 3),
    Rule("dtype", "not drawn", "CategoryEncoding Discretization IntegerLookup"),
    Rule("noise_shape", "the layer finds it by itself", "SpatialDropout?D"),
    Rule("reverse_dtype", "another one than that of the weights is refused", "Reversible*", 3),
    Rule("fill_mode", "Keras refuses another", "Resizing", 3),
    Rule("noise_shape", "Keras 2 does not save it", "AlphaDropout", 2),
    Rule("data_format", "Keras 2 does not save it", "SpatialDropout?D", 2),
    Rule("synchronized", "Keras 2 does not save it", "BatchNormalization", 2),
    Rule("dilation_rate", "Keras 2 does not save it", "Conv3DTranspose", 2),
    Rule("dtype", "Keras 3 saves that of its variables", "SpatialDropout?D", 3),
)

# Set back, they change no number, and need not.
INERT = (
    Rule("*", "it does nothing at inference", TRAINING_ONLY),
    Rule("*", "it does nothing at inference", "RandomCrop", 3),
    Rule("trainable", "how weights are trained; their order in `.h5`, where there are several"),
    Rule("dtype", "what is allowed to differ is more than float32's rounding"),
    Rule("rate stddev noise_shape data_format l1 l2", "training", "*Dropout* Gaussian* Activity*"),
    Rule("dropout recurrent_dropout", "training"),
    Rule("data_format", "Keras does not read it", "AutoContrast", 3),
    Rule("time_major", "Keras does not read it", "ConvLSTM?D", 2),
    Rule("groups", "Keras does not read it", "Conv?DTranspose Depthwise* Separable*", 2),
    Rule("momentum synchronized renorm*", "training", "BatchNormalization"),
    Rule("power_iterations", "training", "SpectralNormalization"),
    Rule("unit_forget_bias", "the start of training"),
    Rule("*robust_masking", "how masked scores are made small", "MultiHeadAttention Softmax", 2),
    Rule("implementation unroll", "how the same is computed", RECURRENT + " *Cell"),
    Rule("output_shape", "the shapes of the weights say it too", "EinsumDense"),
    Rule("window periodic scaling", "its kernels are weights", "STFTSpectrogram"),
    Rule("num_bins epsilon", "the boundaries that were found are saved", "Discretization"),
    Rule("mask_zero", "Keras 3 writes masks as nodes", "Embedding ReversibleEmbedding", 3),
    Rule("reverse_dtype", "that of the weights", "ReversibleEmbedding"),
)
