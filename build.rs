//! Tells cargo that the program holds files that are no sources.

fn main() {
    for folder in ["frontend/dist", "migrations"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
