//! Rebuilds the crate when a file of the guest or of the lock folder comes or goes.

fn main() {
    println!("cargo::rerun-if-changed=guest");
    println!("cargo::rerun-if-changed=runtime");
}
