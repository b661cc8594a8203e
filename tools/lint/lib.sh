# What the checks share: the files they look at. Sourced from the root of the tree.
# shellcheck shell=sh

# files [NAME-PATTERN...]: those of the project, also before they are committed; without git (a
# tarball) all there are.
files() {
    if git rev-parse --git-dir >/dev/null 2>&1; then
        git ls-files -co --exclude-standard -- "$@"
    else
        [ $# -gt 0 ] || set -- '*'
        for pattern; do find . -name build -prune -o -type f -name "$pattern" -print; done | sed 's|^\./||'
    fi | sort -u | while read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done
}

c_files() {
    files '*.c' '*.h'
}

shell_scripts() {
    files | while read -r file; do
        case ${file##*/} in
        *.sh) echo "$file" ;;
        *.*) ;;
        *) case $(head -c 64 "$file" | tr -d '\0' | sed 1q) in '#!'*sh) echo "$file" ;; esac ;;
        esac
    done
}

# The flags of the build, from the one place where they stand.
c_flags() {
    make -s --no-print-directory print-cflags "$@"
}
