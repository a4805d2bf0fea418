# The menu for people who have `just`; every recipe is a command that works without it.

# Shows this menu
default:
    @just --list --unsorted

# Builds everything and opens the demo
demo *args:
    cargo xtask demo {{ args }}

# Every test
test *args:
    cargo xtask test {{ args }}

# Formatting, lints, licences
check:
    cargo xtask check

# What CI runs
ci:
    .ci/run

# The plugin components alone, into target/plugins
plugins:
    cargo xtask plugins

# The test guests and example plugins, into target/guests-out
guests:
    cargo xtask guests

# The official MCP suite against the built binary
conformance *parts:
    cargo xtask conformance {{ parts }}

# Real MCP clients against the built binary
clients:
    cargo xtask clients

# The live table against a real server: just live espocrm
live crm *args:
    cargo xtask live {{ crm }} {{ args }}

# The benchmarks
bench *args:
    cargo xtask bench {{ args }}

# Formats everything
fmt:
    cargo fmt --all

# The API documentation
doc:
    cargo doc --workspace --no-deps --open

# Known weaknesses of the dependencies; needs the network
audit:
    cargo xtask audit

# The fuzz targets, each for a while: just fuzz scrub --seconds 60
fuzz *args:
    cargo xtask fuzz {{ args }}
