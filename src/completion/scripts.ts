/** What each shell evaluates. All of them ask `bay __complete`, so that they never grow old. */
export const scripts = {
  bash: String.raw`# Completion of bay for bash: eval "$(bay completion bash)"
_bay() {
  local word value rest=$COMP_LINE typed quote= before=
  local -a words=()
  local -i i last
  # Bash also splits words at : = and @ (COMP_WORDBREAKS): what stands together on the line is one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${'$'}{COMP_WORDS[i]}
    if ((i > 1)) && [[ -n $COMP_LINE && $rest != [[:space:]]* ]]; then
      words[${'$'}{#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    rest=${'$'}{rest#*"$word"}
  done
  last=${'$'}{#words[@]}-1
  case ${'$'}{words[last]} in [\'\"]*) quote=${'$'}{words[last]:0:1} ;; esac
  for ((i = 1; i <= last; i++)); do
    word=${'$'}{words[i]}
    case $word in
      \'*) word=${'$'}{word#\'} word=${'$'}{word%\'} ;;
      \"*) word=${'$'}{word#\"} word=${'$'}{word%\"} ;;
      *) word=${'$'}{word//\\/} ;;
    esac
    words[i]=$word
  done
  # Only what follows the last of those characters is replaced.
  typed=${'$'}{words[last]}
  if [[ -z $quote && $typed == *[:=@]* ]]; then before=${'$'}{typed%"${'$'}{typed##*[:=@]}"}; fi
  COMPREPLY=()
  while IFS=$'\t' read -r value _; do
    case $quote in
      \') value=${'$'}{value//\'/\'\\\'\'} ;;
      \") value=${'$'}{value//\\/\\\\} value=${'$'}{value//\"/\\\"} value=${'$'}{value//\$/\\\$} value=${'$'}{value//\${'`'}/\\\${'`'}} ;;
      *) printf -v value %q "${'$'}{value#"$before"}" ;;
    esac
    COMPREPLY+=("$value")
  done < <(bay __complete "${'$'}{words[@]:1}" 2>/dev/null)
}
complete -o default -F _bay bay
`,
  zsh: String.raw`#compdef bay
# Completion of bay for zsh: eval "$(bay completion zsh)", or this text as the file _bay in a folder of $fpath
_bay() {
  local -a values shown
  local value about
  while IFS=$'\t' read -r value about; do
    values+=("$value")
    shown+=("$value${'$'}{about:+  -- $about}")
  done < <(bay __complete "${'$'}{(@Q)words[2,CURRENT-1]}" "${'$'}{(Q)PREFIX}" 2>/dev/null)
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
`,
  fish: String.raw`# Completion of bay for fish: bay completion fish | source
function __bay_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l typed (string replace -r '^[\'"]' '' -- (commandline -ct))
    set -l found (bay __complete $words "$typed" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$typed"
    end
end
complete -c bay -f -a '(__bay_complete)'
`,
} as const

export type Shell = keyof typeof scripts
