#!/usr/bin/env bash
# Makes a fresh machine ready; where nothing is missing it does nothing, quickly.
#
#   setup.sh run     to build and run: a C compiler, PostgreSQL 15 or newer, the font of PDFs
#   setup.sh bench   to measure as well: WeasyPrint, Pango
#   setup.sh test    to run and to test: Chromium and its driver, axe, moto, Java and the HTML validator,
#                    PgBouncer, oathtool, xmllint, xmlsec1, pdftotext and pdftoppm, cargo-nextest
#   setup.sh check   to check as well: rustfmt, clippy, cargo-machete
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # dpkg wants them, and a plain su leaves them out
cd "$(dirname "${BASH_SOURCE[0]}")"

oldest_postgres=15
# axe-core 4.12.1 checks accessibility; this package contains it unchanged.
axe_package="axe-playwright-python==0.1.8"
axe_hash=sha256:fdd263c998388f1a8e67cad02677e612d946248bd44d163be5e8650ea31f95f8
axe=../../target/axe-4.12.1.min.js # tests/browser/support/walk/axe.rs reads it
# The Nu Html Checker, as one Java file from its npm package.
vnu_package=vnu-jar@26.9.27
vnu_hash=4e441de4315f39a582f5e6edbe8cd3b2b1f655aa1dde3620faface791133217c417b12f3f7ead2d8336d8e7efe44f5226618258b44a0860057e9125135e6b428 # SHA-512 of its tarball
vnu=../../target/vnu-26.9.27.jar # src/portal/templates/validator.rs runs it
# moto speaks the API of Amazon SES; tests/journeys/mail/moto.rs runs it.
moto_packages=moto-5.2.5.txt
moto=../../target/moto-5.2.5
# WeasyPrint makes PDFs too; tests/bench/parts/pdf.rs compares with it.
weasyprint_packages=weasyprint-70.0.txt
weasyprint=../../target/weasyprint-70.0

say() { echo "setup.sh: $*" >&2; }
die() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Finds what is missing, and the packages that contain it, for each package manager.
missing=() apt=() dnf=() pacman=() brew=()
lack() {
    missing+=("$1")
    # shellcheck disable=SC2206 # several packages in one word, on purpose
    apt+=($2) dnf+=($3) pacman+=($4) brew+=($5)
}

lack_pip() { has_pip || lack "pip" "python3-pip" "python3-pip" "python-pip" "python"; }

# aws-lc-sys and ring compile C and assembler; neither wants cmake, C++ or pkg-config.
has_c_compiler() { echo '#include <stdlib.h>' | cc -E -xc - >/dev/null 2>&1; }

# Finds the server that `kosmo demo` and postgres.sh would use: on PATH, or Debian's newest.
has_postgres() {
    local server major
    server=$(command -v postgres || find /usr/lib/postgresql/*/bin -name postgres 2>/dev/null | sort -V | tail -n 1)
    [ -n "$server" ] && [ -x "$(dirname "$server")/initdb" ] && have psql || return 1
    major=$("$server" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    [ "$major" -ge "$oldest_postgres" ]
}

has_chromium() { have chromedriver && { have chromium || have chromium-browser || have google-chrome; }; }
has_pip() { python3 -m pip --version >/dev/null 2>&1; }
# macOS has a `java` that only says that Java is missing.
has_java() { java -version >/dev/null 2>&1; }
has_poppler() { have pdftotext && have pdftoppm; }
# WeasyPrint needs it to set lines.
has_pango() {
    have pango-view || python3 -c 'import sys; from ctypes.util import find_library as find
sys.exit(not (find("pangoft2-1.0") and find("harfbuzz-subset")))' >/dev/null 2>&1
}
# Looks where the server does (src/config/pdf.rs), for both fonts or the collection of all.
has_font() {
    local folder
    for folder in /usr/share/fonts/{opentype/noto,google-noto-sans-cjk-fonts,google-noto-cjk,noto-cjk,noto} \
        {,"${HOME:-}"}/Library/Fonts; do
        compgen -G "$folder/NotoSansCJK.*" >/dev/null && return
        compgen -G "$folder/NotoSansCJK*-Regular.*" >/dev/null &&
            compgen -G "$folder/NotoSansCJK*-Bold.*" >/dev/null && return
    done
    return 1
}

for_run() {
    has_c_compiler || lack "a C compiler" "gcc libc6-dev" "gcc" "gcc" "gcc"
    has_postgres || lack "PostgreSQL $oldest_postgres or newer (server programs and psql)" \
        "postgresql" "postgresql-server postgresql-contrib" "postgresql" "postgresql@17"
    has_font || lack "the font Noto Sans CJK JP" \
        "fonts-noto-cjk" "google-noto-sans-cjk-fonts" "noto-fonts-cjk" "font-noto-sans-cjk-jp"
}

for_bench() {
    for_run
    has_pango || lack "Pango" \
        "libpangoft2-1.0-0 libharfbuzz-subset0" "pango" "pango" "pango"
    [ -d "$weasyprint" ] || lack_pip
}

for_test() {
    for_run
    have flock || lack "flock" "util-linux" "util-linux-core" "util-linux" "flock"
    has_chromium || lack "Chromium and chromedriver" \
        "chromium chromium-driver" "chromium chromedriver" "chromium" "chromium chromedriver"
    have pgbouncer || lack "PgBouncer" "pgbouncer" "pgbouncer" "pgbouncer" "pgbouncer"
    have oathtool || lack "oathtool" "oathtool" "oathtool" "oath-toolkit" "oath-toolkit"
    have xmllint || lack "xmllint" "libxml2-utils" "libxml2" "libxml2" "libxml2"
    have xmlsec1 || lack "xmlsec1" "xmlsec1" "xmlsec1 xmlsec1-openssl" "xmlsec" "libxmlsec1"
    has_poppler || lack "pdftotext and pdftoppm" "poppler-utils" "poppler-utils" "poppler" "poppler"
    has_java || lack "a Java runtime" "default-jre-headless" "java-latest-openjdk-headless" "jre-openjdk-headless" "openjdk"
    [ -s "$vnu" ] || have npm || lack "npm" "npm" "npm" "npm" "node"
    { [ -s "$axe" ] && [ -d "$moto" ]; } || lack_pip
}

how_to_install() {
    local manager
    for manager in apt-get dnf pacman brew; do
        have "$manager" || continue
        case "$manager" in
        apt-get) echo "sudo apt-get install --no-install-recommends ${apt[*]}" ;;
        dnf) echo "sudo dnf install ${dnf[*]}" ;;
        pacman) echo "sudo pacman -S ${pacman[*]}" ;;
        brew) echo "brew install ${brew[*]}" ;;
        esac
        return
    done
    echo "the packages that Debian calls ${apt[*]}"
}

install_by_apt() {
    local root=() skip_cluster=/etc/postgresql-common/createcluster.d/kosmo-setup.conf
    [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" apt-get update -q
    # Debian's package would start its own server on port 5432, now and at each boot.
    "${root[@]}" mkdir -p "$(dirname "$skip_cluster")"
    echo "create_main_cluster = false" | "${root[@]}" tee "$skip_cluster" >/dev/null
    local status=0
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${apt[@]}" || status=$?
    "${root[@]}" rm -f "$skip_cluster"
    "${root[@]}" rmdir --ignore-fail-on-non-empty "$(dirname "$skip_cluster")"
    return "$status"
}

install_packages() {
    local what
    for what in "${missing[@]}"; do say "missing: $what"; done
    have apt-get || die "please install: $(how_to_install)"
    [ "$(id -u)" = 0 ] || have sudo || die "as root, please: $(how_to_install)"
    install_by_apt || die "apt-get failed; by hand: $(how_to_install)"
}

fetch_axe() {
    [ -s "$axe" ] && return
    say "fetching axe-core, once"
    local folder
    folder=$(mktemp -d)
    echo "$axe_package --hash=$axe_hash" >"$folder/requirements.txt"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --dest "$folder" --requirement "$folder/requirements.txt" || die "pip could not fetch $axe_package"
    python3 -m zipfile -e "$folder"/*.whl "$folder"
    mkdir -p "$(dirname "$axe")"
    mv "$folder/axe_playwright_python/axe.min.js" "$axe"
    rm -rf "$folder"
}

sha512() { if have sha512sum; then sha512sum "$1"; else shasum -a 512 "$1"; fi | cut -d ' ' -f 1; }

fetch_vnu() {
    [ -s "$vnu" ] && return
    say "fetching the HTML validator, once"
    local folder
    folder=$(mktemp -d)
    npm pack --silent --pack-destination "$folder" "$vnu_package" >/dev/null || die "npm could not fetch $vnu_package"
    [ "$(sha512 "$folder"/*.tgz)" = "$vnu_hash" ] || die "$vnu_package is not what it was"
    tar -xzf "$folder"/*.tgz -C "$folder" package/build/dist/vnu.jar
    mkdir -p "$(dirname "$vnu")"
    mv "$folder/package/build/dist/vnu.jar" "$vnu"
    rm -rf "$folder"
}

fetch_moto() {
    fetch_python moto "$moto" "$moto_packages" || die "pip could not fetch moto"
}

# If it can't be installed on this machine, the bench still measures everything else.
fetch_weasyprint() {
    fetch_python WeasyPrint "$weasyprint" "$weasyprint_packages" || say "pip could not fetch WeasyPrint"
}

fetch_python() { # name, folder, its packages
    [ -d "$2" ] && return
    say "fetching $1, once"
    mkdir -p "$(dirname "$2")"
    local folder
    folder=$(mktemp -d "$2.XXXXXX") || return
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
        --no-warn-conflicts --only-binary :all: --require-hashes --target "$folder" \
        --requirement "$3" || { rm -rf "$folder"; return 1; }
    mv "$folder" "$2"
}

cargo_install() { # subcommand
    cargo "$1" --version >/dev/null 2>&1 && return
    say "building cargo-$1, once"
    cargo install --locked "cargo-$1"
}

rustup_component() { # component, its subcommand
    cargo "$2" --version >/dev/null 2>&1 && return
    have rustup || die "please install $1 for your Rust toolchain"
    rustup component add "$1"
}

level=${1:-}
case "$level" in
run) for_run ;;
bench) for_bench ;;
test | check) for_test ;;
*) sed -n '2,9s/^# \{0,1\}//p' "$(basename "${BASH_SOURCE[0]}")" >&2; exit 2 ;;
esac

have cargo || die "cargo is missing: install Rust as https://www.rust-lang.org/tools/install says"
if [ ${#missing[@]} -gt 0 ]; then
    install_packages
    has_postgres || die "this system's PostgreSQL is older than $oldest_postgres: https://www.postgresql.org/download/ has newer ones"
fi
case "$level" in
bench) fetch_weasyprint ;;
test | check)
    cargo_install nextest
    fetch_axe
    fetch_vnu
    fetch_moto
    ;;
esac
if [ "$level" = check ]; then
    rustup_component rustfmt fmt
    rustup_component clippy clippy
    cargo_install machete
fi
