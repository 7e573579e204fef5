#compdef bay
# Completion of bay for zsh: eval "$(bay completion zsh)", or this text as the file _bay in a folder of $fpath
_bay() {
  local -a values shown
  local value about
  while IFS=$'\t' read -r value about; do
    values+=("$value")
    shown+=("$value${about:+  -- $about}")
  done < <(bay __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
  if (( $#values )); then
    compadd -l -d shown -a -- values
  else
    _files
  fi
}
if [[ $funcstack[1] == _bay ]]; then
  _bay "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _bay bay
fi
