// How --help looks: CLI11's layout, with every text wrapped to the terminal.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>

namespace ipguard::cli {

// For an app before its subcommands are added: they take it over. 80 columns where the width is not known.
[[nodiscard]] std::shared_ptr<CLI::Formatter> help_format();

}  // namespace ipguard::cli
