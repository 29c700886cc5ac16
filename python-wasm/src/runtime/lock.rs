//! What is pinned: the interpreter and the guest's wheels, by name and SHA-256.

use serde::Deserialize;

/// The pin of the interpreter.
const RUNTIME: &str = include_str!("../../runtime/runtime.lock");
/// The pins of the guest's wheels.
const WHEELS: &str = include_str!("../../runtime/wheels.lock");

/// Everything that is fetched.
#[derive(Debug, Clone)]
pub(crate) struct Lock {
    pub(crate) runtime: RuntimePin,
    pub(crate) wheels: Vec<WheelPin>,
    pub(crate) fills: Vec<FillPin>,
}

/// The wheel that holds the interpreter.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RuntimePin {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) filename: String,
    pub(crate) sha256: String,
    /// Path in the wheel of the WebAssembly module.
    pub(crate) module: String,
    /// Path in the wheel of the zip with the standard library and packages.
    pub(crate) library: String,
}

/// A wheel of pure Python.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct WheelPin {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) filename: String,
    pub(crate) sha256: String,
    /// Globs of files that are left out.
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
}

/// A wheel from which files are taken that the interpreter's own copy of the package lacks.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FillPin {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) filename: String,
    pub(crate) sha256: String,
    pub(crate) include: Vec<String>,
}

impl Lock {
    /// Returns the pins this crate was built with.
    pub(crate) fn pinned() -> Self {
        #[derive(Deserialize)]
        struct Runtime {
            runtime: RuntimePin,
        }
        #[derive(Deserialize)]
        struct Wheels {
            #[serde(default)]
            wheel: Vec<WheelPin>,
            #[serde(default)]
            fill: Vec<FillPin>,
        }
        let runtime: Runtime = toml::from_str(RUNTIME).expect("runtime.lock is checked by a test");
        let wheels: Wheels = toml::from_str(WHEELS).expect("wheels.lock is checked by a test");
        Self {
            runtime: runtime.runtime,
            wheels: wheels.wheel,
            fills: wheels.fill,
        }
    }

    /// Returns the bytes that name the unpacked library.
    pub(crate) fn texts() -> [&'static [u8]; 2] {
        [RUNTIME.as_bytes(), WHEELS.as_bytes()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locks_are_readable_and_every_pin_is_whole() {
        let lock = Lock::pinned();
        let hashes = lock
            .wheels
            .iter()
            .map(|wheel| &wheel.sha256)
            .chain(lock.fills.iter().map(|fill| &fill.sha256));
        for hash in hashes.chain([&lock.runtime.sha256]) {
            assert!(
                hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{hash}"
            );
        }
        for wheel in &lock.wheels {
            assert!(
                wheel.filename.ends_with("-none-any.whl"),
                "{} is not pure Python",
                wheel.filename
            );
        }
    }
}
