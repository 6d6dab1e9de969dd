//! Files that macros take into the binary; cargo does not see them by itself.

fn main() {
    for folder in ["migrations", "templates", "tenants", "infra/demo"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
