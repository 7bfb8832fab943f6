// How this build was made, for show_config.
#pragma once
#include <map>
#include <string>

namespace lamina {

std::map<std::string, std::string> build_info();

}  // namespace lamina
