# Completion of bay for bash: eval "$(bay completion bash)"
_bay() {
  local word value typed rest=$COMP_LINE quote='' before=''
  local -a words=()
  local -i i last
  # Bash also splits words at : = and @ (COMP_WORDBREAKS): what stands together on the line is one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i > 1)) && [[ -n $COMP_LINE && $rest != [[:space:]]* ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    rest=${rest#*"$word"}
  done
  last=${#words[@]}-1
  # Bash gives what stands before the cursor, where that is in the middle of the word.
  if [[ -n ${2-} && ${words[last]} == *"$2"?* ]]; then words[last]=${words[last]%%"$2"*}$2; fi
  case ${words[last]} in [\'\"]*) quote=${words[last]:0:1} ;; esac
  for ((i = 1; i <= last; i++)); do
    word=${words[i]}
    case $word in
      \'*) word=${word#\'} word=${word%\'} ;;
      \"*) word=${word#\"} word=${word%\"} word=${word//\\\\/$'\1'} word=${word//\\\"/\"} word=${word//\\\$/\$} word=${word//\\\`/\`}
           word=${word//$'\1'/\\} ;;
      *) word=${word//\\\\/$'\1'} word=${word//\\/} word=${word//$'\1'/\\} ;;
    esac
    words[i]=$word
  done
  # Only what follows the last of those characters is replaced.
  typed=${words[last]}
  if [[ -z $quote && $typed == *[:=@]* ]]; then before=${typed%"${typed##*[:=@]}"}; fi
  COMPREPLY=()
  while IFS=$'\t' read -r value _; do
    case $quote in
      \') value=${value//\'/\'\\\'\'} ;;
      \") value=${value//\\/\\\\} value=${value//\"/\\\"} value=${value//\$/\\\$} value=${value//\`/\\\`}
         # Where the history is expanded, it is in these quotes too, and a backslash there would stay.
         if [[ $- == *H* ]]; then value=${value//!/\"\\!\"}; fi ;;
      *) printf -v value %q "${value#"$before"}" ;;
    esac
    COMPREPLY+=("$value")
  done < <(bay __complete "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _bay bay
