#include "cli/help_format.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "base/text.h"
#include "cli/table.h"

namespace ipguard::cli {
namespace {

constexpr size_t usual_width = 80;

// Paragraph by paragraph; without a line feed at the end, like what it is given.
std::string wrapped_paragraphs(const std::string& text, size_t width) {
  std::string result;
  for (const auto paragraph : split(text, '\n')) {
    result += wrapped(paragraph, width, 0);
  }
  if (!result.empty()) {
    result.pop_back();
  }
  return result;
}

class HelpFormat : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* app) const override {
    return whole_lines(CLI::Formatter::make_description(app));
  }

  std::string make_footer(const CLI::App* app) const override { return whole_lines(CLI::Formatter::make_footer(app)); }

  std::string make_subcommand(const CLI::App* sub) const override {
    std::stringstream out;
    CLI::detail::format_help(out, sub->get_display_name(true), right_column(sub->get_description()), column_width_);
    return out.str();
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    return right_column(option->get_description());
  }

 private:
  [[nodiscard]] std::string whole_lines(std::string text) const {
    if (!text.empty()) {
      text.pop_back();
      text = wrapped_paragraphs(text, width_) + '\n';
    }
    return text;
  }

  [[nodiscard]] std::string right_column(const std::string& text) const {
    constexpr size_t narrowest = 20;
    return wrapped_paragraphs(text, std::max(width_, column_width_ + narrowest) - column_width_);
  }

  size_t width_ = terminal_width().value_or(usual_width);
};

}  // namespace

std::shared_ptr<CLI::Formatter> help_format() { return std::make_shared<HelpFormat>(); }

}  // namespace ipguard::cli
