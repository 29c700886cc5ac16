//! What Jupyter's clients are told of the kernel itself.

use serde_json::{Value, json};

use super::message::PROTOCOL;

/// The picture of all kernels, and the file that it is in beside a kernelspec.
pub(crate) const LOGO: &str = include_str!("../../frontend/public/icon.svg");
pub(crate) const LOGO_FILE: &str = "logo-svg.svg";

/// The Python that runs in the sandbox.
const PYTHON: &str = "3.15";

/// Returns the content of a `kernel_info_reply`.
pub(crate) fn info() -> Value {
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "status": "ok",
        "protocol_version": PROTOCOL,
        "implementation": "cellblock",
        "implementation_version": version,
        "banner": format!("Cellblock {version}: Python {PYTHON} and IPython in a sandbox. Nothing outside of it can be reached."),
        "language_info": {
            "name": "python",
            "version": PYTHON,
            "mimetype": "text/x-python",
            "codemirror_mode": {"name": "ipython", "version": 3},
            "pygments_lexer": "ipython3",
            "nbconvert_exporter": "python",
            "file_extension": ".py",
        },
        "help_links": [],
        "debugger": false,
        "supported_features": [],
    })
}

/// Returns the kernelspec of an image; `argv` starts a kernel of it where something is to be started.
pub(crate) fn spec(image: &str, argv: &[String]) -> Value {
    json!({
        "argv": argv,
        "display_name": display_name(image),
        "language": "python",
        "interrupt_mode": "message",
        "env": {},
        "metadata": {"debugger": false},
    })
}

/// Returns the name of an image as a person is shown it among kernels.
fn display_name(image: &str) -> String {
    format!("Python {PYTHON} (Cellblock, {image})")
}
